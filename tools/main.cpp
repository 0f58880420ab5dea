// endplate: the command line.

#include <string>
#include <vector>

#include "tools/command.h"

int main(int argc, char** argv) {
  emg::tools::install_interrupt_handler();
  emg::tools::install_crash_handler();
  return emg::tools::run_command_line(std::vector<std::string>(argv + 1, argv + argc));
}
