//go:build !linux

package usage

import "os"

// peak is not known: only Linux has VmHWM.
func peak(*os.ProcessState) int64 { return 0 }

// OwnPeak is not known: only Linux has it.
func OwnPeak() (int64, bool) { return 0, false }
