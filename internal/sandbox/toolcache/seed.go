package toolcache

// The seed is a program that imports what generated services import, so that vet and the test binary's own packages are
// in the cache as well as the compiled standard library.
const seedMain = `package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unicode/utf8"
	"bufio"
	"bytes"
	"encoding/csv"
	"html/template"
	"math"
)

var _ = []any{context.Background, rand.Text, sql.Open, hex.EncodeToString, json.Marshal, errors.New, flag.Parse, fmt.Sprint,
	io.EOF, slog.Info, maps.Clone[map[int]int], net.Dial, http.ListenAndServe, url.Parse, os.Exit, signal.Notify, filepath.Join,
	regexp.MustCompile, slices.Sort[[]int], sort.Ints, strconv.Itoa, strings.Join, sync.OnceFunc, atomic.AddInt32, syscall.SIGTERM,
	time.Now, utf8.ValidString, bufio.NewReader, bytes.Equal, csv.NewReader, template.New, math.Sqrt}

func main() {}
`

const seedTest = `package main

import (
	"net/http/httptest"
	"os/exec"
	"reflect"
	"testing"
	"testing/fstest"
)

var _ = []any{httptest.NewServer, exec.Command, reflect.DeepEqual, fstest.TestFS}

func TestNothing(t *testing.T) {}
`
