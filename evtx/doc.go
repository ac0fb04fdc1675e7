// Package evtx reads and writes Windows event logs in the EVTX format.
//
// A file is a header and chunks of 64 KiB. A chunk holds records and, once each, the templates that its records are written with: a
// record is mostly a list of typed values for the holes of a template. The package compiles each template to a flat Layout that all
// files share, so that reading a field is an index into the record's values and nothing is allocated per record:
//
//	f, err := evtx.Open(r, size, evtx.Options{})
//	if err != nil {
//		return err // not an EVTX file
//	}
//	for r, err := range f.Records() {
//		if err != nil {
//			log(err) // one record is lost; the next is read
//			continue
//		}
//		if image := r.Lookup("Image"); r.EventID() == 1 && image.HasSuffixFold(`\certutil.exe`) {
//			text = image.AppendText(text[:0])
//		}
//	}
//
// Options.Want asks for records by their event id before they are decoded. File.Each reads with several workers, ChunkReader is for callers with
// their own, and Templates are shared by whoever reads more than one file. With Options.Recover what was deleted or damaged is looked
// for too. Writer goes the other way, from an Event, which Record.Clone gives, to a file.
//
// What depends on the form of a record alone, as the handle of a field or whether a rule could match at all, is worked out once per
// Layout and kept by its pointer.
//
// Invariants: a Record, its Values and their bytes are views that hold until the reader's next step. Evidence is hostile: no input
// makes the package panic, hang, or allocate more than its limits; a record that cannot be read is a *RecordError in its place, and what is
// merely odd is a Note. The tables of names and templates in chunk headers are never followed. Nothing is written but by Writer.
//
// The code in the order of reading: file.go and chunk.go find records, peek.go looks at their ids, binxml.go reads instances of templates and
// walker.go elements without one, template.go and layout.go compile both, record.go and value.go give the fields, text.go, json.go and
// xml.go print them (render.go is what the two have in common, pack.go their way from UTF-16), recover.go looks for what no reader of
// the log sees. writer.go, form.go and encoder.go write, newvalue.go makes the values.
//
// The package does not know what an event means, which provider's fields are called what, or that files lie in folders.
package evtx
