# The skipped tests of a run of `go test -json`, a line each, with what they said.
map(select(.Test != null)) | group_by([.Package, .Test])[] | select(any(.[]; .Action == "skip"))
| (.[0].Package | sub("^github.com/quantumlayer/qlp/"; "")) + " " + .[0].Test + ": "
  + ([.[] | select(.Action == "output") | .Output | select(test("^=== |--- SKIP") | not)] | join("") | gsub("\\s+"; " ") | .[0:200])
