package inventory

import (
	"errors"
	"strings"
	"testing"

	"reeve"
)

func TestHost(t *testing.T) {
	read := func(text string) *Hosts {
		t.Helper()
		h, err := ReadCSV(strings.NewReader(text), "hosts.csv")
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	plain := "host,owner,department,role\nPC-1,Ann,Accounting,workstation\npc-2.corp.example,Ben,Engineering,developer\n"
	for _, c := range []struct {
		name, text, ask string
		want            reeve.HostInfo
		found           bool
	}{
		{"a host is found by its name in any case", plain, "pc-1", reeve.HostInfo{Host: "pc-1", Owner: "Ann", Department: "Accounting", Role: "workstation", Source: "hosts.csv line 2"}, true},
		{"a full name finds the short row", plain, "PC-1.corp.example", reeve.HostInfo{Host: "pc-1", Owner: "Ann", Department: "Accounting", Role: "workstation", Source: "hosts.csv line 2"}, true},
		{"a short name finds the full row", plain, "PC-2", reeve.HostInfo{Host: "pc-2.corp.example", Owner: "Ben", Department: "Engineering", Role: "developer", Source: "hosts.csv line 3"}, true},
		{"another domain's host of the same short name is not it", plain, "pc-2.other.example", reeve.HostInfo{}, false},
		{"an unknown host is not found", plain, "pc-3", reeve.HostInfo{}, false},
		{"columns are named by the header in any order", "Role;Computer Name;Owner\nbuild;pc-9;Cy\n", "pc-9", reeve.HostInfo{Host: "pc-9", Owner: "Cy", Role: "build", Source: "hosts.csv line 2"}, true},
		{"without a header the order is host, owner, department, role", "pc-9\tCy\tIT\tadmin\n", "pc-9", reeve.HostInfo{Host: "pc-9", Owner: "Cy", Department: "IT", Role: "admin", Source: "hosts.csv line 1"}, true},
		{"a byte order mark is no part of the first name", "\ufeffhost,owner\npc-9,Cy\n", "pc-9", reeve.HostInfo{Host: "pc-9", Owner: "Cy", Source: "hosts.csv line 2"}, true},
		{"an ambiguous short name finds nothing", "host\na.x\na.y\n", "a", reeve.HostInfo{}, false},
		{"the first row of a host stands", "host,owner\na,Ann\nA,Ben\n", "a", reeve.HostInfo{Host: "a", Owner: "Ann", Source: "hosts.csv line 2"}, true},
		{"short rows are filled with nothing", "host,owner,department,role\na\n", "a", reeve.HostInfo{Host: "a", Source: "hosts.csv line 2"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, found := read(c.text).Host(c.ask)
			if got != c.want || found != c.found {
				t.Errorf("Host(%q) = %+v, %v; want %+v, %v", c.ask, got, found, c.want, c.found)
			}
		})
	}
}

func TestEmpty(t *testing.T) {
	if !new(Hosts).Empty() {
		t.Error("the zero inventory is not empty")
	}
	if _, ok := new(Hosts).Host("a"); ok {
		t.Error("the zero inventory knows a host")
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("disk fell off") }

func TestFaultsAreNamed(t *testing.T) {
	_, err := ReadCSV(broken{}, "hosts.csv")
	if !errors.Is(err, ErrInventory) || !strings.Contains(err.Error(), "hosts.csv") {
		t.Errorf("error %v names neither class nor file", err)
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("host,owner\na,b\n")
	f.Add("\"\n;;\t")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ReadCSV(strings.NewReader(text), "f")
		if err == nil {
			h.Host("a")
		}
	})
}
