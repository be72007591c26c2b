namespace Loggregator.Load.Accounting;

/// <summary>What a reader was told to have missed: the key under which counts are added up.</summary>
/// <param name="Source">Index of the source; -1 when the record names none of this run, as <c>other</c> does.</param>
/// <param name="Hop">Which tier lost it.</param>
/// <param name="Reason">Why.</param>
/// <param name="UpperBound">At most this many were lost.</param>
internal readonly record struct Gap(int Source, string Hop, string Reason, bool UpperBound);
