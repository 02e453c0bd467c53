// The main of every test program. Alone in its file because Catch2's runner takes seconds to compile.
#define CATCH_CONFIG_RUNNER  // version 2 keeps the runner in its only header; version 3 ignores this
#include "support/catch.hpp"

int main(int argc, char* argv[]) { return Catch::Session().run(argc, argv); }
