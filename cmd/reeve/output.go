package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/term"

	"reeve/internal/report"
)

// output are the flags of every command that prints a result.
type output struct {
	Output  string `short:"o" help:"Write to a file instead of standard output." placeholder:"FILE"`
	NoColor bool   `help:"No colour. The environment variable NO_COLOR does the same."`
}

// write calls print with the chosen writer and its looks; a file appears whole or not at all.
func (o *output) write(a *app, print func(io.Writer, report.Options) error) error {
	if o.Output == "" {
		return print(a.out, o.looks(a.out))
	}
	return writeFile(o.Output, func(w io.Writer) error { return print(w, report.Options{Width: 160}) })
}

// looks asks the terminal; anything else is printed plain and wide.
func (o *output) looks(w io.Writer) report.Options {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return report.Options{Width: 160}
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 40 {
		width = 100
	}
	return report.Options{Color: !o.NoColor && os.Getenv("NO_COLOR") == "", Width: width}
}

// writeFile writes through a temporary file beside the target, so that a run that fails leaves no half a report.
func writeFile(name string, fill func(io.Writer) error) error {
	f, err := createFile(name)
	if err != nil {
		return err
	}
	if err := fill(f); err != nil {
		f.drop()
		return fmt.Errorf("write %s: %w", name, err)
	}
	return f.Close()
}

// pending is a file that takes its name when it is closed.
type pending struct {
	*os.File
	name string // "" for one that has its name already
}

// createFile begins a file. A device or pipe is written to as it is: to give a file its name would take the place of it.
func createFile(name string) (*pending, error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
		return &pending{f, ""}, nil
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".reeve-*")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return &pending{f, name}, nil
}

func (p *pending) drop() {
	p.File.Close()
	if p.name != "" {
		os.Remove(p.File.Name())
	}
}

// Close gives the file its name.
func (p *pending) Close() error {
	if p.name == "" {
		return p.File.Close()
	}
	temporary := p.File.Name()
	err := errors.Join(p.File.Chmod(0o644), p.File.Close())
	if err == nil {
		err = os.Rename(temporary, p.name)
	}
	if err != nil {
		os.Remove(temporary)
		return fmt.Errorf("write %s: %w", p.name, err)
	}
	return nil
}
