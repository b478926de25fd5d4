// Counts the instructions and cycles of each core between marked addresses.
//
// A core counts from an instruction at a `begin` address up to, and without, one at an `end`
// address; that is a run. An instruction at a `step` address opens the run's next bucket and is
// the first one in it. Instructions in a `wait` range, such as a loop that waits for another core,
// are counted apart. The counting plugin for QEMU does the same.
//
// An instruction's cycles are those since the one before it left the decode stage.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "arbiter.h"

class Tally {
public:
    // Takes `begin=`, `end=`, `step=` with a hexadecimal address, or `wait=LOW:HIGH`.
    bool mark(const std::string &name, const std::string &value);
    // Notes that an instruction of a core has left the decode stage.
    void retire(unsigned core, uint32_t address, uint64_t cycle);
    // Writes all runs as JSON.
    bool write(const std::string &path, unsigned cores) const;

private:
    enum Event : uint8_t { BEGIN = 1, END = 2, STEP = 4 };

    struct Bucket {
        uint64_t instructions = 0;
        uint64_t cycles = 0;  // also those of waiting
    };

    struct Run {
        std::vector<Bucket> steps;
        Bucket waiting;
    };

    struct Core {
        bool is_counting = false;
        uint64_t last = 0;
        std::vector<Run> runs;
    };

    bool waits(uint32_t address) const {
        for (auto [low, high] : ranges) {
            if (address >= low && address < high) return true;
        }
        return false;
    }

    std::unordered_map<uint32_t, uint8_t> events;
    std::vector<std::pair<uint32_t, uint32_t>> ranges;
    std::array<Core, CORES> tallies;
};
