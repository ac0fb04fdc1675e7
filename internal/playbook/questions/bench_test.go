package questions

import (
	"fmt"
	"strings"
	"testing"

	"reeve/internal/playbook"
)

// BenchmarkBusyCase asks everything of a program with hundreds of descendants and twenty thousand gathered records, the most
// that an investigation keeps for one case.
func BenchmarkBusyCase(b *testing.B) {
	var text strings.Builder
	text.WriteString("A busy case.\n-- case --\nsubject: 200\n-- events --\n10:00:00 pc1 process_creation 200# image=C:\\Windows\\explorer.exe | command_line=explorer.exe | original_file_name=EXPLORER.EXE\n")
	for i := range 600 {
		fmt.Fprintf(&text, "10:%02d:%02d pc1 process_creation %d#<200# image=C:\\Users\\dana\\part%d.exe | command_line=part%d.exe -x\n", i/60, i%60, 1000+i, i, i)
	}
	for i := range 19_400 {
		kind := []string{"file_event path", "image_load loaded_image", "registry_set key", "file_executable_detected path"}[i%4]
		name, attr, _ := strings.Cut(kind, " ")
		fmt.Fprintf(&text, "11:%02d:%02d pc1 %s %d# image=C:\\Users\\dana\\part%d.exe | %s=C:\\Users\\dana\\part%d.exe\n", i/60%60, i%60, name, 1000+i%600, i%600, attr, i%600)
	}
	s, err := parseScenario("busy", []byte(text.String()))
	if err != nil {
		b.Fatal(err)
	}
	v, ok := s.world(s.events, inTurn(s.events))
	if !ok {
		b.Fatal("no subject")
	}
	b.ReportAllocs()
	for b.Loop() {
		v.Payloads = Payloads(v)
		playbook.Run(All(), v)
	}
}
