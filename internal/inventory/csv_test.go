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
		{"columns that are missing are empty", "Owner,Host\nCy,pc-9\n", "pc-9", reeve.HostInfo{Host: "pc-9", Owner: "Cy", Source: "hosts.csv line 2"}, true},
		{"columns that are not ours are passed over", "serial;host;room;role\n12;pc-9;4.01;kiosk\n", "pc-9", reeve.HostInfo{Host: "pc-9", Role: "kiosk", Source: "hosts.csv line 2"}, true},
		{"a plain name is a person's when another cell is the host's", "Name,Hostname,Owner\nCy Roe,pc-9,Cy\n", "pc-9", reeve.HostInfo{Host: "pc-9", Owner: "Cy", Source: "hosts.csv line 2"}, true},
		{"and the host's when none is", "name,owner\npc-9,Cy\n", "pc-9", reeve.HostInfo{Host: "pc-9", Owner: "Cy", Source: "hosts.csv line 2"}, true},
		{"quotes hold separators and lines", "host;owner;department;role\r\n\"pc-9\";\"Roe; Cy\";\"R&D\r\nLab\";dev\r\npc-8;;;\r\n", "pc-8", reeve.HostInfo{Host: "pc-8", Source: "hosts.csv line 4"}, true},
		{"a quoted cell keeps its separator", "host;owner\n\"pc-9\";\"Roe; Cy\"\n", "pc-9", reeve.HostInfo{Host: "pc-9", Owner: "Roe; Cy", Source: "hosts.csv line 2"}, true},
		{"a spreadsheet's first line names the separator", "sep=;\r\nhost;owner\r\npc-9;Cy\r\n", "pc-9", reeve.HostInfo{Host: "pc-9", Owner: "Cy", Source: "hosts.csv line 3"}, true},
		{"text as an old spreadsheet writes it", "host;owner\npc-9;M\xfcller\n", "pc-9", reeve.HostInfo{Host: "pc-9", Owner: "Müller", Source: "hosts.csv line 2"}, true},
		{"text as PowerShell writes it", "\xff\xfeh\x00o\x00s\x00t\x00,\x00o\x00w\x00n\x00e\x00r\x00\n\x00a\x00,\x00\xfc\x00\n\x00", "a", reeve.HostInfo{Host: "a", Owner: "ü", Source: "hosts.csv line 2"}, true},
		{"blanks and a closing dot are no part of a name", "host,owner\n  PC-9.corp.example. , Cy \n", "pc-9.corp.example", reeve.HostInfo{Host: "pc-9.corp.example", Owner: "Cy", Source: "hosts.csv line 2"}, true},
		{"a full name's own row goes before a short one's", "host,owner\npc-9,Ann\npc-9.corp.example,Ben\n", "pc-9.corp.example", reeve.HostInfo{Host: "pc-9.corp.example", Owner: "Ben", Source: "hosts.csv line 3"}, true},
		{"rows without a host are passed over", "host,owner\n,Ann\n\npc-9,Cy\n", "pc-9", reeve.HostInfo{Host: "pc-9", Owner: "Cy", Source: "hosts.csv line 4"}, true},
		{"no name finds nothing", "host,owner\n,Ann\n", "", reeve.HostInfo{}, false},
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
