package change

// PartlyError says that a part of what was asked for is done, and stays so; Err is why the rest is not. Nobody may then be
// told that nothing has changed.
type PartlyError struct{ Err error }

func (e *PartlyError) Error() string { return e.Err.Error() + " (a part is done)" }

// Unwrap gives the cause.
func (e *PartlyError) Unwrap() error { return e.Err }

// partly marks the error of what came after a first step.
func partly(err error) error {
	if err == nil {
		return nil
	}
	return &PartlyError{err}
}
