package main

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// meter shows one bar on standard error when that is a terminal; a stage follows the one before it.
type meter struct {
	mu    sync.Mutex
	w     io.Writer
	stage string
	bar   *progressbar.ProgressBar
}

// newMeter gives a meter, or one that shows nothing.
func newMeter(w io.Writer, quiet bool) *meter {
	if f, ok := w.(*os.File); quiet || !ok || !term.IsTerminal(int(f.Fd())) {
		w = nil
	}
	return &meter{w: w}
}

// show is called from several goroutines.
func (m *meter) show(stage string, done, total int64) {
	if m.w == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bar == nil || m.stage != stage {
		m.stage = stage
		m.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(m.w), progressbar.OptionSetDescription(stage), progressbar.OptionShowBytes(true),
			progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
	}
	m.bar.ChangeMax64(max(total, 1))
	_ = m.bar.Set64(min(done, total)) // a bar that cannot be drawn is no reason to stop
}

// done clears the bar.
func (m *meter) done() {
	if m.bar != nil {
		_ = m.bar.Finish()
	}
}

// count shows a bar of things that are counted.
func (m *meter) count(stage string, done, total int) {
	if m.w == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bar == nil {
		m.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(m.w), progressbar.OptionSetDescription(stage), progressbar.OptionShowCount(), progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	_ = m.bar.Set(min(done, total)) // a bar that cannot be drawn is no reason to stop
}
