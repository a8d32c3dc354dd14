package zone

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestHasRoom(t *testing.T) {
	disk := unix.Statfs_t{Bsize: 4096, Frsize: 1000, Blocks: 1000, Bavail: 300} // a million bytes, 300,000 to be had
	for _, row := range []struct {
		name string
		keep Reserve
		size int64
		want bool
	}{
		{"nothing kept", Reserve{}, 300_000, true},
		{"one too many", Reserve{}, 300_001, false},
		{"far too many", Reserve{}, 1<<63 - 1, false},
		{"unknown", Reserve{}, -1, true},
		{"bytes just left", Reserve{Bytes: 100_000}, 200_000, true},
		{"one byte of them", Reserve{Bytes: 100_000}, 200_001, false},
		{"percent just left", Reserve{Percent: 10}, 200_000, true},
		{"one byte of them", Reserve{Percent: 10}, 200_001, false},
		{"the larger is bytes", Reserve{Bytes: 100_000, Percent: 5}, 200_001, false},
		{"the larger is percent", Reserve{Bytes: 50_000, Percent: 10}, 200_001, false},
		{"unknown, reserve there", Reserve{Percent: 30}, -1, true},
		{"unknown, reserve not there", Reserve{Percent: 31}, -1, false},
		{"empty, reserve not there", Reserve{Bytes: 1 << 50}, 0, false},
		{"many bytes kept", Reserve{Bytes: 1 << 50}, 1<<63 - 1, false},
	} {
		if got := row.keep.hasRoom(&disk, row.size); got != row.want {
			t.Errorf("%s: %v", row.name, got)
		}
	}
	for name, disk := range map[string]unix.Statfs_t{
		"no fragment size": {Bsize: 1000, Blocks: 1000, Bavail: 300},
		"an exabyte":       {Bsize: 4096, Frsize: 4096, Blocks: 1 << 48, Bavail: 1 << 47},
	} {
		if (Reserve{Percent: 90}).hasRoom(&disk, 1) || !(Reserve{Percent: 10}).hasRoom(&disk, 1) {
			t.Error(name)
		}
	}
	if full := (unix.Statfs_t{Bsize: 4096, Blocks: 1000}); !(Reserve{}).hasRoom(&full, 0) || (Reserve{}).hasRoom(&full, 1) {
		t.Error("a full one")
	}
	if silent := (unix.Statfs_t{Bsize: 4096}); !(Reserve{Percent: 90}).hasRoom(&silent, 1<<40) {
		t.Error("one that does not say how large it is")
	}
}
