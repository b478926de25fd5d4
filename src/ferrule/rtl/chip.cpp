#include "chip.h"

namespace {
// A core that sleeps for this long stays as it is until its interrupt; simulating it is idle.
constexpr unsigned SETTLED = 4;
}  // namespace

Chip::Chip(unsigned cores, Memories &memories, Calls &calls, Arbiter arbiter, Tally &tally)
    : memories(memories), devices(calls), arbiter(arbiter), tally(tally), members(cores) {
    for (unsigned index = 0; index < cores; index++) {
        auto core = std::make_unique<Core>();
        core->hart_id_i = index;
        core->boot_addr_i = Memories::FLASH;
        // Reset begins with an edge: it must have been high before.
        for (bool level : {true, false, true}) {
            core->rst_ni = level;
            for (unsigned edge = 0; edge < 4; edge++) {
                core->clk_i = edge & 1;
                core->eval();
            }
        }
        members[index].core = std::move(core);
    }
}

void Chip::cycle() {
    devices.tick(++now);
    for (unsigned index = 0; index < members.size(); index++) begin(index);
    for (unsigned index = 0; index < members.size(); index++) ask(index);
    unsigned granted = arbiter.grant();
    for (unsigned index = 0; index < members.size(); index++) access(index, granted);
    for (unsigned index = 0; index < members.size(); index++) end(index);
}

// First half of a cycle: answers arrive, and the core decides what it asks for.
void Chip::begin(unsigned index) {
    Member &member = members[index];
    Core &core = *member.core;
    core.irq_software_i = devices.event(index);
    if (core.irq_software_i) member.asleep = 0;
    if (is_skipped(member)) return;
    core.instr_rvalid_i = member.fetched.is_valid;
    core.instr_err_i = member.fetched.is_error;
    core.instr_rdata_i = member.fetched.word;
    core.data_rvalid_i = member.data.is_valid;
    core.data_err_i = member.data.is_error;
    core.data_rdata_i = member.data.word;
    core.clk_i = 0;
    core.eval();
    member.asleep = core.sleep_o ? member.asleep + 1 : 0;
}

void Chip::ask(unsigned index) {
    Member &member = members[index];
    Core &core = *member.core;
    if (core.instr_req_o) {
        member.fetched_memory = memories.find(core.instr_addr_o & ~3u, 4);
        if (member.fetched_memory != Memories::COUNT) {
            arbiter.ask(fetch_port(index), member.fetched_memory, core.instr_addr_o);
        }
    }
    if (core.data_req_o) {
        member.data_memory = memories.find(core.data_addr_o & ~3u, 4);
        if (member.data_memory != Memories::COUNT) {
            arbiter.ask(data_port(index), member.data_memory, core.data_addr_o);
        }
    }
}

// Devices and addresses without a memory answer at once.
void Chip::access(unsigned index, unsigned granted) {
    Member &member = members[index];
    Core &core = *member.core;
    member.fetched = member.data = Answer();
    bool is_nowhere = member.fetched_memory == Memories::COUNT;
    core.instr_gnt_i = core.instr_req_o && (is_nowhere || granted >> fetch_port(index) & 1);
    if (core.instr_gnt_i) {
        uint32_t address = core.instr_addr_o;
        member.fetched = {true, is_nowhere, 0};
        if (!is_nowhere) member.fetched.word = memories.read(member.fetched_memory, address);
    }
    is_nowhere = member.data_memory == Memories::COUNT;
    core.data_gnt_i = core.data_req_o && (is_nowhere || granted >> data_port(index) & 1);
    if (core.data_gnt_i) member.data = load_or_store(index);
}

Chip::Answer Chip::load_or_store(unsigned index) {
    Member &member = members[index];
    Core &core = *member.core;
    uint32_t address = core.data_addr_o;
    if (devices.forbids(index, address)) return {true, true, 0};
    if (member.data_memory != Memories::COUNT) {
        if (!core.data_we_o) return {true, false, memories.read(member.data_memory, address)};
        memories.write(member.data_memory, address, core.data_wdata_o, core.data_be_o);
        return {true, false, 0};
    }
    if (!Devices::has(address)) return {true, true, 0};
    if (!core.data_we_o) return {true, false, devices.read(index, address)};
    devices.write(index, address, core.data_wdata_o);
    return {true, false, 0};
}

// Second half: the clock rises.
void Chip::end(unsigned index) {
    Member &member = members[index];
    Core &core = *member.core;
    if (is_skipped(member)) return;
    core.clk_i = 1;
    core.eval();
    if (core.done_o) tally.retire(index, core.pc_o, now);
}

bool Chip::is_skipped(const Member &member) const { return member.asleep > SETTLED; }
