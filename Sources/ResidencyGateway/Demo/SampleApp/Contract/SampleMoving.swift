/// The tenant's data is being moved, or is elsewhere: nothing is written here.
struct SampleMoving: Error {}
