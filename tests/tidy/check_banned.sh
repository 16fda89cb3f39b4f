#!/bin/bash
# The operating system has doors, and they are in io/: nothing else opens a file, asks a
# clock, starts or ends a process. Results are printed by cli/ alone; the one line of a
# failed OOMKIT_CHECK is the exception. guest/ is the program of a VM, whose whole work is
# system calls. Tests may do what they need.
source "$(dirname "$0")/common.sh" "$1"

# A call of the name itself: not a member's, not another namespace's function, and not the
# declaration of a function of that name, which has its type before it.
call() { printf '(^|[=(!;{},?:|+-]|&&|return|else|do)[[:space:]]*(::|std::)?(%s)[[:space:]]*\\(' "$1"; }
os=$(call 'open|openat|creat|fopen|freopen|fdopen|opendir|popen|system|kill|tgkill|killpg|fork|vfork|posix_spawnp?|exec[lv]p?e?|clock_gettime|gettimeofday|signal|sigaction|getenv|sleep|usleep|nanosleep')
os+='|std::(i|o)?fstream|(system|steady|high_resolution)_clock|std::filesystem|std::time[[:space:]]*\(|std::this_thread|SYS_[a-z]'
print=$(call 'v?printf|v?fprintf|puts|fputs|fwrite|putchar|putc|fputc|perror|write')
print+='|std::(cout|cerr|clog)'
# Bytes without a bound, and chance that no seed governs.
never=$(call 'gets|strcpy|strcat|v?sprintf|alloca|rand|srand|random|atoi|atol|atof|strtok|setjmp|longjmp')
never+='|std::(regex|random_device|mt19937|stoi|stol|stoul|stoll|stod)|(^|[^A-Za-z_])(goto|throw)[[:space:]]'

search() {  # file, pattern, sentence
  local line text
  while IFS=: read -r line text; do
    report "$1:$line" "$3: ${text#"${text%%[![:space:]]*}"}"
  done < <(code_of "$1" | grep -nE "$2" || true)
}

while IFS= read -r file; do
  case $file in *_test.cc | *_bench.cc) continue ;; esac
  search "$file" "$never" "is not used here"
  case $file in src/io/* | src/guest/*) ;; *) search "$file" "$os" "belongs behind a door in io/" ;; esac
  case $file in
    src/io/* | src/cli/* | src/guest/* | src/core/check.cc) ;;
    *) search "$file" "$print" "prints, and only cli/ does" ;;
  esac
done < <(sources src)
finish
