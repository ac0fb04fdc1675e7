//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// child runs the program as a process of its own, and tells how long it took and the most memory that it had at one time.
func child(t *testing.T, args []string) (took time.Duration, peak int64) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "reeve", args...)
	cmd.Env = append(os.Environ(), "GOMEMLIMIT=off")
	var told strings.Builder
	cmd.Stderr = &told
	began := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%q: %v: %s", args, err, told.String())
	}
	took = time.Since(began)
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatal("the system does not tell how much memory was used")
	}
	peak = usage.Maxrss
	if runtime.GOOS != "darwin" {
		peak <<= 10
	}
	return took, peak
}

// TestAPipeIsWrittenToAndStaysAPipe holds for devices too: a result must not take the place of what is no file.
func TestAPipeIsWrittenToAndStaysAPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 1)
	go func() {
		text, _ := os.ReadFile(pipe)
		got <- string(text)
	}()
	if status, _, told := execute(t, "lolbas", "mftrace", "-o", pipe); status != statusDone {
		t.Fatalf("status %d: %s", status, told)
	}
	if text := <-got; !strings.Contains(text, "Mftrace.exe") {
		t.Errorf("the pipe gave %q", text)
	}
	if info, err := os.Lstat(pipe); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("the pipe is %v now, %v", info, err)
	}
}
