// The cores, clocked together, and the way from their ports to memory.
#pragma once

#include <memory>
#include <vector>

#include "Core.h"
#include "arbiter.h"
#include "calls.h"
#include "devices.h"
#include "memory.h"
#include "tally.h"

class Chip {
public:
    Chip(unsigned cores, Memories &memories, Calls &calls, Arbiter arbiter, Tally &tally);

    // Lets one cycle pass.
    void cycle();

private:
    // The answer to an access, one cycle after it was granted.
    struct Answer {
        bool is_valid = false;
        bool is_error = false;
        uint32_t word = 0;
    };

    // A core, the memory that its ports ask for, and what they get.
    struct Member {
        std::unique_ptr<Core> core;
        unsigned fetched_memory = 0, data_memory = 0;
        Answer fetched, data;
        unsigned asleep = 0;  // cycles for which nothing in the core has moved
    };

    void begin(unsigned index);
    void ask(unsigned index);
    void access(unsigned index, unsigned granted);
    void end(unsigned index);
    Answer load_or_store(unsigned index);
    bool is_skipped(const Member &member) const;

    Memories &memories;
    Devices devices;
    Arbiter arbiter;
    Tally &tally;
    std::vector<Member> members;
    uint64_t now = 0;
};
