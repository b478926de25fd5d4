#include "calls.h"

#include <cstring>

namespace {
constexpr uint32_t FAILURE = ~0u;
constexpr uint32_t APPLICATION_EXIT = 0x2'0026;

enum Operation {
    OPEN = 0x01,
    CLOSE = 0x02,
    WRITE_CHARACTER = 0x03,
    WRITE = 0x05,
    READ = 0x06,
    LENGTH = 0x0C,
    GET_COMMAND_LINE = 0x15,
    EXIT_EXTENDED = 0x20,
};
}  // namespace

uint32_t Calls::call(uint32_t operation, uint32_t words) {
    // No operation has more than three parameters; those beyond a memory's end are 0.
    uint32_t given[3] = {};
    for (unsigned index = 0; index < 3; index++) {
        const uint8_t *word = memories.at(words + 4 * index, 4);
        if (word != nullptr) std::memcpy(&given[index], word, 4);
    }
    switch (operation) {
        case OPEN: return open(given[0], given[1], given[2]);
        case CLOSE:
            if (file(given[0]) == nullptr) return FAILURE;
            std::fclose(files[given[0]]);
            files[given[0]] = nullptr;
            return 0;
        // The specification wants the address of the character here, not a block of parameters.
        case WRITE_CHARACTER: std::fputc(int(given[0] & 0xFF), stderr); return 0;
        case WRITE: return transfer(false, given[0], given[1], given[2]);
        case READ: return transfer(true, given[0], given[1], given[2]);
        case LENGTH: return length(given[0]);
        case GET_COMMAND_LINE: return command_line(words, given[0], given[1]);
        case EXIT_EXTENDED:
            is_over = true;
            status = given[0] == APPLICATION_EXIT ? int(given[1] & 0xFF) : 1;
            return 0;
        default: return FAILURE;
    }
}

uint32_t Calls::open(uint32_t name, uint32_t mode, uint32_t length) {
    static const char *const MODES[] = {"r", "rb", "r+", "r+b", "w", "wb",
                                        "w+", "w+b", "a", "ab", "a+", "a+b"};
    const uint8_t *text = memories.at(name, length);
    if (text == nullptr || mode >= sizeof MODES / sizeof *MODES) return FAILURE;
    std::string path(reinterpret_cast<const char *>(text), length);
    FILE *opened = std::fopen(path.c_str(), MODES[mode]);
    if (opened == nullptr) return FAILURE;
    files.push_back(opened);
    return uint32_t(files.size() - 1);
}

// Returns the number of bytes that were not transferred.
uint32_t Calls::transfer(bool is_read, uint32_t handle, uint32_t address, uint32_t bytes) {
    uint8_t *buffer = memories.at(address, bytes);
    if (file(handle) == nullptr || buffer == nullptr) return bytes;
    size_t done = is_read ? std::fread(buffer, 1, bytes, files[handle])
                          : std::fwrite(buffer, 1, bytes, files[handle]);
    return bytes - uint32_t(done);
}

uint32_t Calls::length(uint32_t handle) {
    if (file(handle) == nullptr) return FAILURE;
    long place = std::ftell(files[handle]);
    std::fseek(files[handle], 0, SEEK_END);
    long end = std::ftell(files[handle]);
    std::fseek(files[handle], place, SEEK_SET);
    return uint32_t(end);
}

uint32_t Calls::command_line(uint32_t words, uint32_t buffer, uint32_t bytes) {
    uint8_t *text = memories.at(buffer, bytes);
    uint8_t *length = memories.at(words + 4, 4);
    if (text == nullptr || length == nullptr || line.size() + 1 > bytes) return FAILURE;
    std::memcpy(text, line.c_str(), line.size() + 1);
    uint32_t count = uint32_t(line.size());
    std::memcpy(length, &count, 4);
    return 0;
}
