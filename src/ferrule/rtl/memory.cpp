#include "memory.h"

#include <elf.h>

#include <cstring>
#include <fstream>
#include <iterator>

Memories::Memories()
    : memories{Memory{FLASH, std::vector<uint8_t>(0x20'0000)},
               Memory{SRAM, std::vector<uint8_t>(0x8'0000)}} {}

unsigned Memories::find(uint32_t address, uint32_t bytes) const {
    unsigned memory = 0;
    while (memory < COUNT && !memories[memory].has(address, bytes)) memory++;
    return memory;
}

uint8_t *Memories::at(uint32_t address, uint32_t bytes) {
    unsigned memory = find(address, bytes);
    if (memory == COUNT) return nullptr;
    return memories[memory].content.data() + (address - memories[memory].start);
}

uint32_t Memories::read(unsigned memory, uint32_t address) const {
    const Memory &found = memories[memory];
    uint32_t word;
    std::memcpy(&word, found.content.data() + ((address & ~3u) - found.start), 4);
    return word;
}

void Memories::write(unsigned memory, uint32_t address, uint32_t word, uint8_t enable) {
    Memory &found = memories[memory];
    uint8_t *bytes = found.content.data() + ((address & ~3u) - found.start);
    for (unsigned lane = 0; lane < 4; lane++) {
        if (enable >> lane & 1) bytes[lane] = uint8_t(word >> 8 * lane);
    }
}

std::string Memories::load(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<char> image((std::istreambuf_iterator<char>(file)), {});
    Elf32_Ehdr head;
    if (image.size() < sizeof head) return "is not an ELF file";
    std::memcpy(&head, image.data(), sizeof head);
    if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_machine != EM_RISCV ||
        head.e_ident[EI_CLASS] != ELFCLASS32) {
        return "is not an ELF file for 32-bit RISC-V";
    }
    for (unsigned index = 0; index < head.e_phnum; index++) {
        Elf32_Phdr part;
        size_t place = size_t(head.e_phoff) + size_t(index) * head.e_phentsize;
        if (place + sizeof part > image.size()) return "is cut off";
        std::memcpy(&part, image.data() + place, sizeof part);
        if (part.p_type != PT_LOAD || part.p_filesz == 0) continue;
        if (size_t(part.p_offset) + part.p_filesz > image.size()) return "is cut off";
        uint8_t *bytes = at(part.p_paddr, part.p_filesz);
        if (bytes == nullptr) return "has a segment that no memory of the chip holds";
        std::memcpy(bytes, image.data() + part.p_offset, part.p_filesz);
    }
    return "";
}
