// What is in the address space besides memory. Each register is a word.
#pragma once

#include <array>
#include <cstdint>

#include "arbiter.h"
#include "calls.h"

class Devices {
public:
    // The port's Rust code has the same numbers.
    static constexpr uint32_t START = 0x4000'0000;
    static constexpr uint32_t BYTES = 0x200;
    static constexpr uint32_t OPERATION = 0x00;  // own: what the next call asks for
    static constexpr uint32_t WORDS = 0x04;      // own: address of its parameters; makes the call
    static constexpr uint32_t RESULT = 0x08;     // own: what the call returned
    static constexpr uint32_t GUARD = 0x0C;      // own: 64 bytes from here are out of bounds
    static constexpr uint32_t RING = 0x10;       // a write sets the event of every other core
    static constexpr uint32_t EVENT = 0x14;      // own: the event; a write clears it
    static constexpr uint32_t TIME = 0x18;       // cycles since reset; it wraps
    static constexpr uint32_t UNLOCK = 0x1C;     // the written core's locks are freed
    static constexpr uint32_t ENTRIES = 0x40;    // where each core starts; a write sets its event
    static constexpr uint32_t LOCKS = 0x100;     // reads 1 and is taken, or reads 0; a write frees

    // Every core's event is set this often, so that no sleep is for ever.
    static constexpr uint64_t TICK = 1 << 16;

    explicit Devices(Calls &calls) : calls(calls) {}

    static bool has(uint32_t address) { return address - START < BYTES; }

    // Whether a core's own guard forbids an access.
    bool forbids(unsigned core, uint32_t address) const { return address - guards[core] < 64; }

    // Whether a core's interrupt is pending.
    bool event(unsigned core) const { return events >> core & 1; }

    void tick(uint64_t cycle) {
        time = uint32_t(cycle);
        if (cycle % TICK == 0) events = ~0u;
    }

    uint32_t read(unsigned core, uint32_t address) {
        uint32_t place = address - START;
        if (place == RESULT) return results[core];
        if (place == EVENT) return event(core);
        if (place == TIME) return time;
        if (place - ENTRIES < 4 * CORES) return entries[(place - ENTRIES) / 4];
        if (place >= LOCKS) {
            unsigned lock = (place - LOCKS) / 4;
            uint32_t is_free = (locks >> lock & 1) == 0;
            if (is_free) holders[lock] = core;
            locks |= uint64_t(1) << lock;
            return is_free;
        }
        return 0;
    }

    void write(unsigned core, uint32_t address, uint32_t word) {
        uint32_t place = address - START;
        if (place == OPERATION) operations[core] = word;
        if (place == WORDS) results[core] = calls.call(operations[core], word);
        if (place == GUARD) guards[core] = word;
        if (place == RING) events |= ~(1u << core);
        if (place == EVENT) events &= ~(1u << core);
        if (place == UNLOCK) {
            for (unsigned lock = 0; lock < holders.size(); lock++)
                if (holders[lock] == word) locks &= ~(uint64_t(1) << lock);
        }
        if (place - ENTRIES < 4 * CORES) {
            entries[(place - ENTRIES) / 4] = word;
            events |= 1u << (place - ENTRIES) / 4;
        }
        if (place >= LOCKS) locks &= ~(uint64_t(1) << (place - LOCKS) / 4);
    }

private:
    Calls &calls;
    std::array<uint32_t, CORES> operations{}, results{}, entries{};
    std::array<uint32_t, CORES> guards{~0u, ~0u, ~0u, ~0u};  // beyond every address
    uint32_t events = 0, time = 0;
    uint64_t locks = 0;
    std::array<uint32_t, 64> holders{};  // who took each lock last
};
