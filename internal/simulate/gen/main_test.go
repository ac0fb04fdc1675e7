package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWriteMakesTheFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "deep", "example")
	if err := write(folder); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.md", "inventory.csv", "BW-QA-02/Security.evtx"} {
		if info, err := os.Stat(filepath.Join(folder, filepath.FromSlash(name))); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestWriteSaysWhatItCannotDo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(file); err == nil {
		t.Error("a file is taken for a folder")
	}
}
