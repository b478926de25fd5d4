// The memories of the chip: where they are, and what an access reads and writes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

// A run of addresses, zero at reset. `targets/chips/ibex-rtl.toml` has the same numbers.
struct Memory {
    uint32_t start;
    std::vector<uint8_t> content;

    bool has(uint32_t address, uint32_t bytes) const {
        return address >= start && address - start <= content.size() &&
               content.size() - (address - start) >= bytes;
    }
};

class Memories {
public:
    static constexpr uint32_t FLASH = 0x1000'0000;
    static constexpr uint32_t SRAM = 0x2000'0000;
    static constexpr unsigned COUNT = 2;

    Memories();

    // The memory with all these bytes, or COUNT.
    unsigned find(uint32_t address, uint32_t bytes) const;
    // The bytes themselves; null when no memory has them all.
    uint8_t *at(uint32_t address, uint32_t bytes);
    // The word with a byte, which must exist.
    uint32_t read(unsigned memory, uint32_t address) const;
    // Writes the bytes of a word that `enable` has a bit for.
    void write(unsigned memory, uint32_t address, uint32_t word, uint8_t enable);
    // Puts the segments of a 32-bit ELF file where they are stored; returns what is wrong, or "".
    std::string load(const std::string &path);

private:
    std::array<Memory, COUNT> memories;
};
