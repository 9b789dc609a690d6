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
	"cmp"
	"compress/gzip"
	"container/heap"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha512"
	"crypto/subtle"
	"embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/gob"
	"encoding/xml"
	"expvar"
	"hash/fnv"
	"iter"
	"log"
	"math/big"
	mrand "math/rand/v2"
	"mime/multipart"
	"net/http/cookiejar"
	"net/http/httputil"
	"net/http/pprof"
	"net/mail"
	"net/netip"
	"net/rpc"
	"net/smtp"
	"os/user"
	"runtime/debug"
	"text/tabwriter"
	"text/template/parse"
	"unique"
	"weak"
	"archive/tar"
	"archive/zip"
	"encoding/pem"
	"go/format"
)

var _ embed.FS
var _ iter.Seq[int]
var _ = []any{cmp.Compare[int], gzip.NewReader, heap.Init, ed25519.Sign, hmac.New, sha512.New, subtle.ConstantTimeCompare,
	base64.StdEncoding, binary.BigEndian, gob.NewEncoder, xml.Marshal, expvar.NewInt, fnv.New32, log.Print, big.NewInt, mrand.Int,
	multipart.NewReader, cookiejar.New, httputil.DumpRequest, pprof.Index, mail.ParseAddress, netip.ParseAddr, rpc.NewServer,
	smtp.SendMail, user.Current, debug.ReadBuildInfo, tabwriter.NewWriter, parse.New, unique.Make[int], weak.Make[int],
	tar.NewReader, zip.NewReader, pem.Decode, format.Source}

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
	"testing/iotest"
	"testing/quick"
)

var _ = []any{httptest.NewServer, exec.Command, reflect.DeepEqual, fstest.TestFS, iotest.ErrReader, quick.Check}

func TestNothing(t *testing.T) {}
`
