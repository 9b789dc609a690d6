package golang_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/quantumlayer/qlp/internal/contract/contracttest"
)

// BenchmarkWrites posts rows to a service over HTTP from 32 connections; every answer waits for the disk.
func BenchmarkWrites(b *testing.B) {
	s := start(b, build(b, write(b, contracttest.Courses())), b.TempDir())
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	var n atomic.Int64
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			body := fmt.Sprintf(`{"name":"Ada","email":"a%d@example.com"}`, n.Add(1))
			res, err := client.Post("http://"+s.addr+"/students", "application/json", strings.NewReader(body))
			if err != nil {
				b.Error(err)
				return
			}
			if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusCreated {
				b.Errorf("status %d, %v", res.StatusCode, err)
			}
			if err := res.Body.Close(); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}
