package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"reeve"
	"reeve/internal/evidence"
)

// reading are the flags of every command that reads evidence.
type reading struct {
	Paths     []string `arg:"" name:"path" help:"Files, folders and archives, in any mix."`
	Threads   int      `help:"Threads that read. Default: one per processor." placeholder:"N"`
	Memory    size     `help:"Memory to stay within; what does not fit is kept in temporary files." default:"1GiB" placeholder:"SIZE"`
	MaxExpand size     `help:"Most that archives may unpack to." default:"64GiB" placeholder:"SIZE"`
	Temp      string   `help:"Folder for temporary files." placeholder:"DIR"`
	AssumeTZ  string   `name:"assume-tz" help:"Time zone of times that state none, as in the IANA database." default:"UTC" placeholder:"ZONE"`
	Recover   bool     `help:"Also carve records out of slack and damaged files."`
	Quiet     bool     `short:"q" help:"No progress and no summary on standard error."`
}

// size is a number of bytes with an optional unit.
type size int64

// UnmarshalText reads "512MiB", "1GiB", "1000".
func (s *size) UnmarshalText(text []byte) error {
	t := strings.ToLower(strings.TrimSpace(string(text)))
	unit := int64(1)
	for _, u := range []struct {
		suffix string
		bytes  int64
	}{{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40}, {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}, {"b", 1}} {
		if strings.HasSuffix(t, u.suffix) {
			t, unit = strings.TrimSpace(strings.TrimSuffix(t, u.suffix)), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(t, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/unit {
		return fmt.Errorf("%q is no size such as 512MiB", text)
	}
	*s = size(n * unit)
	return nil
}

// open makes the evidence out of the paths. The collector is told of the memory that may be used, so that garbage of archives
// and texts does not pile up beyond it. An interruption ends the expanding of archives too.
func (r *reading) open(a *app) (*evidence.Set, error) {
	debug.SetMemoryLimit(max(int64(r.Memory)/4*3, 64<<20))
	debug.SetGCPercent(200)
	set, err := evidence.Open(r.Paths, evidence.Options{TempDir: r.Temp, MaxExpand: int64(r.MaxExpand), InMemory: int64(r.Memory) / 16, Stop: a.ctx.Err})
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, hinted{err, "Paths are files, folders or archives that exist; quote those with blanks."}
		}
		return nil, err
	}
	return set, nil
}

func (r *reading) threads() int {
	if r.Threads > 0 {
		return r.Threads
	}
	return runtime.GOMAXPROCS(0)
}

func (r *reading) zone() (*time.Location, error) {
	z, err := time.LoadLocation(r.AssumeTZ)
	if err != nil {
		return nil, usageErr{fmt.Errorf("--assume-tz: %w", err)}
	}
	return z, nil
}

// moment reads a time given by the user: RFC 3339, or a date, or a date and time, in UTC.
func moment(flag, s string) (reeve.Time, error) {
	if s == "" {
		return 0, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return reeve.TimeOf(t), nil
		}
	}
	return 0, usageErr{fmt.Errorf("--%s: %q is no time such as 2024-05-01T13:00:00Z", flag, s)}
}
