// Simulates one to four Ibex cores that share memory, cycle by cycle.
//
//     ibex image=FILE cores=N memory=ideal|banks|single arbiter=round-robin|fixed line=TEXT
//          [out=FILE begin=ADDRESS end=ADDRESS step=ADDRESS wait=LOW:HIGH ...]
//
// The cores run until the firmware exits; its status is ours. `line` is the command line that the
// firmware sees. `out` gets the counts between the marks.

#include <cstdio>
#include <string>

#include "chip.h"

namespace {
int fail(const std::string &problem) {
    std::fprintf(stderr, "ibex: %s\n", problem.c_str());
    return 2;
}
}  // namespace

int main(int count, char **words) {
    std::string image, line, out;
    unsigned cores = 1;
    Sharing sharing = Sharing::IDEAL;
    Order order = Order::ROUND_ROBIN;
    Tally tally;
    for (int index = 1; index < count; index++) {
        std::string word = words[index];
        size_t middle = word.find('=');
        std::string name = word.substr(0, middle);
        std::string value = middle == std::string::npos ? "" : word.substr(middle + 1);
        if (name == "image") image = value;
        else if (name == "line") line = value;
        else if (name == "out") out = value;
        else if (name == "cores" && value >= "1" && value <= "4") cores = unsigned(value[0] - '0');
        else if (word == "memory=ideal") sharing = Sharing::IDEAL;
        else if (word == "memory=banks") sharing = Sharing::BANKS;
        else if (word == "memory=single") sharing = Sharing::SINGLE;
        else if (word == "arbiter=round-robin") order = Order::ROUND_ROBIN;
        else if (word == "arbiter=fixed") order = Order::FIXED;
        else if (!tally.mark(name, value)) return fail("unknown argument `" + word + "`");
    }
    Memories memories;
    std::string problem = memories.load(image);
    if (!problem.empty()) return fail("`" + image + "` " + problem);
    Calls calls(memories, line);
    Chip chip(cores, memories, calls, Arbiter(sharing, order), tally);
    while (!calls.is_over) chip.cycle();
    if (!out.empty() && !tally.write(out, cores)) return fail("cannot write `" + out + "`");
    return calls.status;
}
