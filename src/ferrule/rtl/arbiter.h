// Who may access memory in a cycle.
#pragma once

#include <array>
#include <cstdint>

constexpr unsigned CORES = 4;
// A core has a port for data and one for instructions. Data ports come first.
constexpr unsigned PORTS = 2 * CORES;

constexpr unsigned data_port(unsigned core) { return core; }
constexpr unsigned fetch_port(unsigned core) { return CORES + core; }

// How many accesses fit in a cycle.
enum class Sharing {
    IDEAL,   // every port has its own
    BANKS,   // one for each of the four banks of each memory; consecutive words, consecutive banks
    SINGLE,  // one
};

// Who is first, where several want the same.
enum class Order {
    ROUND_ROBIN,  // for each bank, the first port after the one that was served last
    FIXED,        // the lowest port
};

class Arbiter {
public:
    Arbiter(Sharing sharing, Order order) : sharing(sharing), order(order) {}

    // Notes that a port wants a word of a memory in this cycle.
    void ask(unsigned port, unsigned memory, uint32_t address) {
        unsigned bank = 0;
        if (sharing == Sharing::IDEAL) bank = port;
        if (sharing == Sharing::BANKS) bank = memory * BANKS + (address >> 2) % BANKS;
        asked[bank] |= 1u << port;
    }

    // The ports that get what they asked for, as a set; forgets the others.
    unsigned grant() {
        unsigned granted = 0;
        for (unsigned bank = 0; bank < asked.size(); bank++) {
            if (asked[bank] == 0) continue;
            unsigned port = first(asked[bank], order == Order::FIXED ? 0 : next[bank]);
            next[bank] = (port + 1) % PORTS;
            granted |= 1u << port;
            asked[bank] = 0;
        }
        return granted;
    }

private:
    static constexpr unsigned BANKS = 4;

    static unsigned first(unsigned ports, unsigned from) {
        while ((ports >> from & 1) == 0) from = (from + 1) % PORTS;
        return from;
    }

    Sharing sharing;
    Order order;
    // Wide enough for a bank of each memory and for a bank of each port.
    std::array<unsigned, PORTS> asked{};
    std::array<unsigned, PORTS> next{};
};
