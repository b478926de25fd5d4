// Semihosting: files, arguments, console and exit for the firmware, by the host.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "memory.h"

class Calls {
public:
    Calls(Memories &memories, std::string line) : memories(memories), line(std::move(line)) {}

    // Does what the operation asks with the parameters at an address, and returns its result.
    uint32_t call(uint32_t operation, uint32_t words);

    bool is_over = false;
    int status = 0;

private:
    uint32_t open(uint32_t name, uint32_t mode, uint32_t length);
    uint32_t transfer(bool is_read, uint32_t handle, uint32_t address, uint32_t bytes);
    uint32_t length(uint32_t handle);
    uint32_t command_line(uint32_t words, uint32_t buffer, uint32_t bytes);
    FILE *file(uint32_t handle) { return handle < files.size() ? files[handle] : nullptr; }

    Memories &memories;
    std::string line;
    std::vector<FILE *> files;
};
