namespace Loggregator.Pipeline.Log;

/// <summary>
/// Who gets rows of one source and kind: some in any case, others after a look at the row. <see cref="Always"/> is the same array in all
/// routes of a table that have the same receivers, one listed k times gets the row k times.
/// </summary>
internal sealed record Route(Subscription[] Always, Target[] Maybe, bool CheckSource);
