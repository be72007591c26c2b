namespace Loggregator.Load.Reporting;

/// <summary>What a process cost in the window. The load tool itself is the last of the list.</summary>
internal sealed record ProcessReport(string Name, double CpuSeconds, double CpuSecondsPerMillion, double MaxResidentMiB, double PeakResidentMiB);
