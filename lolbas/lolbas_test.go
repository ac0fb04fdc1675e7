package lolbas

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const factsDir = "../../shared/facts"

// sharedFacts skips a test where the facts do not stand beside the checkout.
func sharedFacts(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(factsDir); err != nil {
		t.Skip("no facts in ../shared/facts")
	}
}

func entry(t *testing.T, name string) *Entry {
	t.Helper()
	all := ByName(name)
	if len(all) != 1 {
		t.Fatalf("%d entries are called %s", len(all), name)
	}
	return all[0]
}

func TestGeneratedFilesAreWhatTheGeneratorWrites(t *testing.T) {
	sharedFacts(t)
	out := t.TempDir()
	if msg, err := exec.Command("go", "run", "gen/main.go", factsDir, out).CombinedOutput(); err != nil {
		t.Fatalf("generator: %v\n%s", err, msg)
	}
	for _, name := range []string{"entries_gen.go", "identity_gen.go"} {
		want, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(name); !slices.Equal(got, want) {
			t.Errorf("%s differs from what gen/main.go writes", name)
		}
	}
}

func TestEntriesAreCompleteAndSorted(t *testing.T) {
	all := Entries()
	if len(all) != 243 {
		t.Errorf("%d entries", len(all))
	}
	commands, bare := 0, []string(nil)
	for i, e := range all {
		commands += len(e.Commands)
		if i > 0 && strings.ToLower(all[i-1].Name) >= strings.ToLower(e.Name) {
			t.Errorf("%s stands behind %s", e.Name, all[i-1].Name)
		}
		if e.Kind == "" || len(e.Techniques()) == 0 {
			t.Errorf("%s has no kind or no technique", e.Name)
		}
		if len(e.Paths) == 0 {
			bare = append(bare, e.Name)
		}
		for _, c := range e.Commands {
			if c.Category == "" || c.Privileges == "" || slices.ContainsFunc(c.Tags, func(s string) bool { return strings.Contains(s, "Csharp") }) {
				t.Errorf("%s has a command that is not normalised: %+v", e.Name, c)
			}
		}
	}
	if commands != 482 {
		t.Errorf("%d commands", commands)
	}
	if diff := cmp.Diff([]string{"Bginfo.exe", "dnx.exe", "msxsl.exe", "Procdump.exe", "rcsi.exe", "te.exe", "Tracker.exe", "WFMFormat.exe"}, bare); diff != "" {
		t.Errorf("entries without a path (-want +got)\n%s", diff)
	}
}

func TestEveryEntryHasAClassWithAReason(t *testing.T) {
	count := map[Class]int{}
	for _, e := range Entries() {
		known := slices.Contains([]Class{Everyday, AdminTool, Developer, Optional, Rare}, e.Class)
		if count[e.Class]++; !known || len(e.ClassReason) < 6 {
			t.Errorf("%s has no class or no reason", e.Name)
		}
	}
	if rows := classes(); len(rows) != len(Entries()) {
		t.Errorf("%d classes for %d entries", len(rows), len(Entries()))
	}
	for name, want := range map[string]Class{"rundll32.exe": Everyday, "certutil.exe": AdminTool, "mftrace.exe": Developer, "Bginfo.exe": Optional, "Winword.exe": Everyday, "msxsl.exe": Rare} {
		if got := entry(t, name).Class; got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestHandMadeTablesNameRealEntries(t *testing.T) {
	tables := map[string][]string{"genericNames": genericNames}
	for name := range known {
		tables["known"] = append(tables["known"], name)
	}
	for name := range moreNames {
		tables["moreNames"] = append(tables["moreNames"], name)
	}
	for name := range moreOriginals {
		tables["moreOriginals"] = append(tables["moreOriginals"], name)
	}
	for table, names := range tables {
		for _, name := range names {
			if len(ByName(name)) == 0 {
				t.Errorf("%s names %s, which is no entry", table, name)
			}
		}
	}
	for _, ofn := range sharedOriginals {
		if len(byOriginal[ofn]) == 0 {
			t.Errorf("sharedOriginals has %s, which no entry carries", ofn)
		}
	}
}

func TestByName(t *testing.T) {
	for asked, want := range map[string]string{
		"MFTRACE.EXE": "Mftrace.exe", "rundll32": "Rundll32.exe", "procdump64.exe": "Procdump.exe", "DSDBUTIL.exe": "dsdbutil.exe",
		"mavinject64.exe": "Mavinject.exe", "scrobj.dll": "Scrobj.dll", "winrm.vbs": "winrm.vbs",
	} {
		if got := entry(t, asked).Name; got != want {
			t.Errorf("%s is %s, want %s", asked, got, want)
		}
	}
	for _, asked := range []string{"", "notepad.exe", "mftrace.exe.bak", "mftrace.dll"} {
		if got := ByName(asked); got != nil {
			t.Errorf("%q must be no entry, is %s", asked, got[0].Name)
		}
	}
}

func TestTechniquesAreUniqueAndSorted(t *testing.T) {
	if diff := cmp.Diff([]string{"T1105", "T1552.001"}, entry(t, "Findstr.exe").Techniques()[:2]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, e := range Entries() {
		if ids := e.Techniques(); !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
			t.Errorf("%s: %v", e.Name, ids)
		}
	}
}

// listedPaths are the 763 paths as the source has them, by entry.
func listedPaths(t *testing.T) map[string][]string {
	t.Helper()
	sharedFacts(t)
	data, err := os.ReadFile(filepath.Join(factsDir, "lolbas_facts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var facts []struct {
		Name  string
		Paths []string
	}
	if err := json.Unmarshal(data, &facts); err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, f := range facts {
		all[f.Name] = f.Paths
	}
	return all
}
