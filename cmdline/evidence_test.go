package cmdline

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Real process starts hold the truth about a command line beside it: the
// image that ran. The program found in the line must be that image.
func TestProgramsOfRealCommandLines(t *testing.T) {
	const evidence = "../../shared/evidence"
	if _, err := os.Stat(evidence); err != nil {
		t.Skip("no evidence in ../shared/evidence")
	}
	lines := map[string]string{}
	err := filepath.WalkDir(evidence, func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".json" {
			var data []byte
			if data, err = os.ReadFile(path); err == nil {
				collect(data, lines)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for line, image := range lines {
		program, _ := Program(line)
		got, want := strings.TrimSuffix(ParsePath(program).Base, ".exe"), strings.TrimSuffix(ParsePath(image).Base, ".exe")
		if got != want && got+".com" != want {
			wrong++
			t.Logf("%s ran %s, not %s", line, image, program)
		}
		if tokens := Split(line); len(tokens) == 0 || tokens[0].End > len(line) {
			t.Errorf("%s has no arguments", line)
		}
	}
	if len(lines) < 60 || wrong > 0 {
		t.Errorf("%d of %d programs are wrong", wrong, len(lines))
	}
	t.Logf("%d cases", len(lines))
}

// collect finds command lines and the images that ran, however deep.
func collect(data []byte, into map[string]string) {
	var doc any
	if json.Unmarshal(data, &doc) != nil {
		return
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			image, _ := v["Image"].(string)
			if line, _ := v["CommandLine"].(string); line != "" && image != "" {
				into[line] = image
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(doc)
}
