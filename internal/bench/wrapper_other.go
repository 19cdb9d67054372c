//go:build !linux

package main

import "os"

// peak is unknown: the unit of ru_maxrss differs between systems.
func peak(*os.ProcessState) int64 { return 0 }
