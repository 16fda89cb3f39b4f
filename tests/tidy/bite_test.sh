#!/bin/bash
# Proves that each check can fail: makes a small project in a temporary folder that all
# checks pass, adds one violation at a time, and wants it named.
set -euo pipefail
checks=$1/tests/tidy
project=$(mktemp -d)
trap 'rm -rf "$project"' EXIT
failures=0

fresh_project() {
  rm -rf "${project:?}"/*
  cd "$project"
  mkdir -p src/core src/model src/io src/klog tests/tidy docs .ci bench fuzz cmake
  cp "$1/.clang-format" .
  cp "$checks"/check_*.sh "$checks/common.sh" "$checks/CMakeLists.txt" tests/tidy/
  sed -n '1,/EOF/p' >dev <<<'# tests/tidy/bite_test.sh tests/tidy/common.sh'
  printf '#!/bin/bash\n# common.sh\n' >.ci/run
  printf 'add_subdirectory(src/core)\nadd_subdirectory(src/model)\nadd_subdirectory(tests/tidy)\n' >CMakeLists.txt
  printf 'oomkit_library(NAME core SOURCES a.cc)\noomkit_test(NAME a_test SOURCES a_test.cc)\n' >src/core/CMakeLists.txt
  printf 'oomkit_library(NAME model SOURCES b.cc DEPENDS core)\n' >src/model/CMakeLists.txt
  printf '#include "core/a.h"\n\nint one() {\n  return 1;\n}\n' >src/core/a.cc
  printf 'int one();\n' >src/core/a.h
  printf '#include "core/a.h"\n' >src/core/a_test.cc
  printf '#include "core/a.h"\n\nint two() {\n  return one() + 1;\n}\n' >src/model/b.cc
  printf '# Title\n\nSee [the source](../src/core/a.cc) and [above](#title).\n' >docs/A.md
}

passes() {  # check
  local output
  if ! output=$(bash "$checks/check_$1.sh" "$project" 2>&1); then
    printf 'check_%s fails on a clean project:\n%s\n' "$1" "$output"
    failures=$((failures + 1))
  fi
}

bites() {  # check, what its output must name
  local output
  if output=$(bash "$checks/check_$1.sh" "$project" 2>&1); then
    printf 'check_%s does not see: %s\n' "$1" "$2"
    failures=$((failures + 1))
  elif [[ $output != *"$2"* ]]; then
    printf 'check_%s fails without naming %s:\n%s\n' "$1" "$2" "$output"
    failures=$((failures + 1))
  fi
  fresh_project "$root"
}

root=$1
fresh_project "$root"
for check in "$checks"/check_*.sh; do
  name=$(basename "$check" .sh)
  passes "${name#check_}"
done

printf '#include "model/b.h"\n' >>src/core/a.h
bites layering "src/core/a.h:2: core/ may not include model/"
printf '  #  include "klog/reader.h"\n' >>src/model/b.cc
bites layering "src/model/b.cc:6"
mkdir src/cellar
bites layering "src/cellar"

printf 'namespace one {\nstruct Growth {\n  int a;\n};\n}\n' >src/core/a.h
printf 'namespace one {\nclass Growth final : public Size {\n};\n}\n' >src/model/b.h
bites one_name "src/model/b.h:2: one::Growth is a type of src/core/a.h:2 already"

printf 'int  three( );\n' >>src/core/a.h
bites format "src/core/a.h:2"

for ((i = 0; i < 601; ++i)); do printf 'int f%d();\n' "$i"; done >src/core/a.h
bites length "src/core/a.h"

for word in 'TO''DO' 'FIX''ME' 'XX''X' 'HA''CK'; do
  printf '// %s: later\n' "$word" >>src/core/a.h
  bites markers "src/core/a.h:2"
done
printf 'TEST(Suite, DIS''ABLED_Case) {}\n' >>src/core/a_test.cc
bites markers "src/core/a_test.cc:2"
printf '// int x = one();\n' >>src/model/b.cc
bites markers "src/model/b.cc:6"
printf '#if 0\n#endif\n' >>src/model/b.cc
bites markers "src/model/b.cc:6"

for call in 'fopen(path, "r")' '::open(path, 0)' 'std::system("x")' 'kill(1, 9)' 'popen(x, y)' \
  'std::ifstream in(path)' 'clock_gettime(0, &t)' 'std::chrono::steady_clock::now()'; do
  printf 'void f() { %s; }\n' "$call" >>src/model/b.cc
  bites banned "src/model/b.cc:6"
done
for call in 'printf("x")' 'std::printf("x")' 'std::cerr << 1' 'fputs("x", stdout)'; do
  printf 'void f() { %s; }\n' "$call" >>src/model/b.cc
  bites banned "src/model/b.cc:6"
done
for call in 'return fopen(path, mode)' 'if (!::kill(pid, 9)) return' 'x = a && fork()' 'f(open(p, 0))'; do
  printf 'void f() { %s; }\n' "$call" >>src/model/b.cc
  bites banned "src/model/b.cc:6"
done
for call in 'strcpy(a, b)' 'std::regex r' 'rand()' 'throw 1'; do
  mkdir -p src/io
  printf 'void f() { %s; }\n' "$call" >src/io/c.cc
  bites banned "src/io/c.cc:1"
done
# What only looks like it: a member, its declaration, a word in a comment or in a string.
printf 'void f() { door.open(path); log->kill(2); g("system(x)"); }  // printf(x)\n' >>src/model/b.cc
printf 'struct Door {\n  bool open() const;\n  Door& kill(int pid);\n};\n' >>src/model/b.cc
printf 'void f() { fopen(path, "r"); printf("x"); }\n' >src/io/c.cc
passes banned
fresh_project "$root"

printf '' >src/core/orphan.cc
bites dead_files "src/core/orphan.cc"
printf '' >src/core/orphan.h
bites dead_files "src/core/orphan.h"
printf '' >src/core/b_test.cc
bites dead_files "src/core/b_test.cc"
printf 'oomkit_library(NAME core SOURCES a.cc a_test.cc)\n' >src/core/CMakeLists.txt
bites dead_files "src/core/a_test.cc"
printf '# a.cc was here\noomkit_test(NAME a_test SOURCES a_test.cc)\n' >src/core/CMakeLists.txt
bites dead_files "src/core/a.cc"
mkdir src/lost && printf '' >src/lost/CMakeLists.txt
bites dead_files "src/lost/CMakeLists.txt"
printf '' >tests/forgotten.sh
bites dead_files "tests/forgotten.sh"
cp tests/tidy/check_length.sh tests/tidy/check_unlisted.sh
bites dead_files "tests/tidy/check_unlisted.sh"
printf '' >left_behind.deb
bites dead_files "left_behind.deb"

printf '[gone](GONE.md)\n' >>docs/A.md
bites doc_links "docs/A.md:4"
printf '[gone](A.md#no-such-heading)\n' >>docs/A.md
bites doc_links "docs/A.md:4"

for place in /ho''me/somebody/src /wo''rk/main /tm''p/b-x/oom "$project/src"; do
  printf 'see %s\n' "$place" >>docs/A.md
  bites places "docs/A.md:4"
done
for host in de''b.debian.org py''pi.org reg''istry.npm''js.org; do
  printf 'curl https://%s/x\n' "$host" >>docs/A.md
  bites places "docs/A.md:4"
done

# What documents tell people to type, with a tool that knows one command and one option.
cat >"$project/.oom" <<'TOOL'
#!/bin/bash
case "$*" in
  --help) echo "  -h,--help   this" ;;
  'explain --help') echo "  --summary   one line a kill" ;;
  *) exit 2 ;;
esac
TOOL
chmod +x "$project/.oom"
cat >"$project/dev" <<'TOOL'
echo "  setup   installs"
TOOL
cat >"$project/README.md" <<'TEXT'
Type `./dev setup` or `./dev help`, then `oom --help`, or `oom explain` and so on:

    $ sudo dmesg | oom explain --summary   # `oom COMMAND --nothing` stands in a remark
TEXT
readme() { timeout 20 bash "$checks/readme_commands.sh" "$project" "$project/.oom" 2>&1; }
if ! output=$(readme); then
  printf 'readme_commands fails on a true README:\n%s\n' "$output"
  failures=$((failures + 1))
fi
for wrong in './dev sing' 'oom dance' 'oom explain --loudly'; do
  printf 'And \x60%s\x60 too.\n' "$wrong" >"$project/docs/A.md"
  if output=$(readme) || [[ $output != *docs/A.md:1* ]]; then
    printf 'readme_commands does not see: %s\n' "$wrong"
    failures=$((failures + 1))
  fi
done

printf '%d unexpected\n' "$failures"
((failures == 0))
