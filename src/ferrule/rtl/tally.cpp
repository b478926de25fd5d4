#include "tally.h"

bool Tally::mark(const std::string &name, const std::string &value) {
    unsigned low, high;
    if (name == "wait" && std::sscanf(value.c_str(), "%x:%x", &low, &high) == 2) {
        ranges.emplace_back(low, high);
        return true;
    }
    uint8_t event = name == "begin" ? BEGIN : name == "end" ? END : name == "step" ? STEP : 0;
    if (event == 0 || std::sscanf(value.c_str(), "%x", &low) != 1) return false;
    events[low] |= event;
    return true;
}

void Tally::retire(unsigned core, uint32_t address, uint64_t cycle) {
    Core &tally = tallies[core];
    uint64_t cycles = cycle - tally.last;
    tally.last = cycle;
    auto found = events.find(address);
    if (found != events.end()) {
        uint8_t event = found->second;
        if (event & END) tally.is_counting = false;
        if (event & BEGIN && !tally.is_counting) {
            tally.runs.push_back({{Bucket()}, Bucket()});
            tally.is_counting = true;
        }
        if (event & STEP && tally.is_counting) tally.runs.back().steps.emplace_back();
    }
    if (!tally.is_counting) return;
    Run &run = tally.runs.back();
    run.steps.back().cycles += cycles;
    if (waits(address)) {
        run.waiting.instructions++;
        run.waiting.cycles += cycles;
    } else {
        run.steps.back().instructions++;
    }
}

bool Tally::write(const std::string &path, unsigned cores) const {
    FILE *file = std::fopen(path.c_str(), "w");
    if (file == nullptr) return false;
    std::fputs("{\"cores\": [", file);
    for (unsigned core = 0; core < cores; core++) {
        std::fprintf(file, "%s{\"index\": %u, \"runs\": [", core ? ", " : "", core);
        const char *separator = "";
        for (const Run &run : tallies[core].runs) {
            std::string instructions, cycles;
            for (const Bucket &step : run.steps) {
                instructions += (instructions.empty() ? "" : ", ") + std::to_string(step.instructions);
                cycles += (cycles.empty() ? "" : ", ") + std::to_string(step.cycles);
            }
            std::fprintf(
                file,
                "%s{\"steps\": [%s], \"cycles\": [%s], \"waiting\": %llu, \"waiting_cycles\": %llu}",
                separator, instructions.c_str(), cycles.c_str(),
                (unsigned long long)run.waiting.instructions,
                (unsigned long long)run.waiting.cycles);
            separator = ", ";
        }
        std::fputs("]}", file);
    }
    std::fputs("]}\n", file);
    return std::fclose(file) == 0;
}
