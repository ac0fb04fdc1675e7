package ingest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"reeve"
)

// TestATextThatWasCutGivesWhatItHoldsWhole cuts the text of a record's data at every byte, as exports do that bound their columns.
func TestATextThatWasCutGivesWhatItHoldsWhole(t *testing.T) {
	whole := []string{"Image = C:\\a b.exe", "CommandLine = a \"b\" & c", "Empty = ", "ProcessId = 12", "Hashes = MD5=1"}
	for form, text := range map[string]string{
		"XML":  `<EventData xmlns="http://x"><Data Name="Image">C:\a b.exe</Data><Data Name="CommandLine">a "b" &amp; c</Data>` + "\r\n " + `<Data Name="Empty"/><Data Name="ProcessId">12</Data><Data Name="Hashes">MD5=1</Data></EventData>`,
		"JSON": `{"Image":"C:\\a b.exe", "CommandLine":"a \"b\" & c","Empty":"","ProcessId":12,"Hashes":"MD5=1"}`,
	} {
		most := 0
		for cut := range len(text) + 1 {
			quoted, err := json.Marshal(text[:cut])
			if err != nil {
				t.Fatal(err)
			}
			line := fmt.Sprintf(`{"EventID":1,"Channel":"C","EventData":%s}`, quoted)
			var got []string
			n := 0
			f := memory("f", []byte(line))
			w := &worker{opt: &Options{}, shared: &shared{}, sink: &seen{each: func(r reeve.Record) {
				n++
				if x := r.(*textRecord); len(x.leaves) != len(x.shape.leaves) {
					t.Errorf("%s cut at %d: %d values in a shape of %d", form, cut, len(x.leaves), len(x.shape.leaves))
				}
				for _, f := range r.Fields()[1:] {
					got = append(got, f.Name+" = "+r.Value(f.Handle).String())
				}
			}}}
			jsonFormat.read(w, f, part{to: int64(len(line)), last: true})
			if n != 1 || len(f.out.Errors) > 0 || !slices.Equal(got, whole[:min(len(got), len(whole))]) || len(got) < most {
				t.Errorf("%s cut at %d: %d records with %q, %v", form, cut, n, got, f.out.Errors)
			}
			most = len(got)
		}
		if most != len(whole) {
			t.Errorf("%s gives %d values", form, most)
		}
	}
}

// TestADeepTextIsBounded: a text within a text has the bounds of any record.
func TestADeepTextIsBounded(t *testing.T) {
	for name, text := range map[string]string{
		"elements": "<EventData>" + strings.Repeat("<a>", 10_000),
		"objects":  strings.Repeat(`{"a":`, 10_000),
		"values":   `{"a":[` + strings.Repeat(`{"b":1},`, 10_000),
	} {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		got, file := tell(t, "f", fmt.Appendf(nil, `{"EventID":1,"Channel":"C","EventData":%s}`, quoted), Options{})
		if file.Records != 1 || strings.Count(got, "\n") > maxLeaves+8 {
			t.Errorf("%s: %d records", name, file.Records)
		}
	}
}
