using System.Globalization;

namespace Loggregator.Load.Watching;

/// <summary>Measures the CPU time of one process over a window and the most memory it held in it. One thread at a time.</summary>
internal sealed class ProcessWatch(NamedTarget target)
{
    private readonly int _pid = int.Parse(target.Target, CultureInfo.InvariantCulture);
    private ProcessSample? _first, _last;

    public string Name => target.Name;

    /// <summary>CPU seconds of the window; NaN when the process was not there all the time.</summary>
    public double CpuSeconds => _last?.CpuSeconds - _first?.CpuSeconds ?? double.NaN;

    /// <summary>Largest VmRSS that was sampled in the window.</summary>
    public long MaxResidentBytes { get; private set; }

    /// <summary>VmHWM at the end: the largest since the process started.</summary>
    public long PeakResidentBytes => _last?.PeakResidentBytes ?? 0;

    /// <summary>Starts the window.</summary>
    public void Start()
    {
        _first = ProcessSample.Take(_pid);
        Sample();
    }

    /// <summary>Looks again; the last look ends the window.</summary>
    public void Sample()
    {
        _last = ProcessSample.Take(_pid);
        MaxResidentBytes = Math.Max(MaxResidentBytes, _last?.ResidentBytes ?? 0);
    }
}
