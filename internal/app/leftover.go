package app

import (
	"os"
	"path/filepath"
	"time"
)

// leftOver is how old an unfinished file is when nobody is writing it any more.
const leftOver = time.Hour

// clearUnfinished removes what processes left that were killed while they put a file in place. What stays only takes room.
func clearUnfinished(dirs ...string) {
	for _, dir := range dirs {
		found, _ := filepath.Glob(filepath.Join(dir, unfinished)) // the pattern is right
		for _, path := range found {
			if info, err := os.Lstat(path); err == nil && time.Since(info.ModTime()) > leftOver {
				_ = os.Remove(path)
			}
		}
	}
}
