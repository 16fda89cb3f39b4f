#include "cli/program.h"

int main(int argc, char** argv) {
  return oomkit::run_program(argc, argv);
}
