//go:build !linux

package usage

import "os"

// peak is not known: only Linux has VmHWM.
func peak(*os.ProcessState) int64 { return 0 }

// VmHWM is not known: only Linux has it.
func VmHWM() (int64, bool) { return 0, false }
