package archive

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestLongPaths: a path that an archive cannot say is refused alone, and the archive stays whole.
func TestLongPaths(t *testing.T) {
	name := strings.Repeat("n", 255)
	for _, f := range formats {
		levels := map[string]int{"zip": 256, "tar": 4097}[f.name] // 256 bytes each
		deep := slices.Repeat([]string{name}, levels)
		var b bytes.Buffer
		w := f.make(&b)
		must(t, add(w, "before", "1"))
		if err := w.Folder(deep, when); !errors.Is(err, ErrEntry) {
			t.Errorf("%s: folder: %v", f.name, err)
		}
		content := strings.NewReader("never read")
		if err := w.File(append(deep, "file"), content, 10, when); !errors.Is(err, ErrEntry) || content.Len() != 10 {
			t.Errorf("%s: file: %v, %d", f.name, err, content.Len())
		}
		long := deep[:levels-20]
		must(t, w.Folder(long, when), add(w, "after", "2"), w.Close())
		got := f.read(t, b.Bytes())
		if len(got) != 3 || got[1].name != strings.Join(long, "/")+"/" || got[2].content != "2" {
			t.Errorf("%s: %d entries", f.name, len(got))
		}
	}
}
