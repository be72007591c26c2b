using System.Diagnostics;

namespace Loggregator.Pipeline.Log;

/// <summary>
/// Packs all but the newest part of a log, on a thread of its own that takes a thirty-second part of one core at most: when more comes in than can be
/// packed in that time, a part of it stays as it came.
/// </summary>
public sealed class LogPacker : IDisposable
{
    private const int PausePerWork = 31;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private readonly EnvelopeLog _log;
    private readonly SegmentPacker _packer;
    private readonly ManualResetEvent _stop = new(false);
    private readonly Thread _thread;

    /// <summary>Begins.</summary>
    public LogPacker(EnvelopeLog log, RecordCodec codec)
    {
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(codec);
        _log = log;
        _packer = new SegmentPacker(log, codec);
        _thread = new Thread(Run) { IsBackground = true, Name = "log packer" };
        _thread.Start();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Set();
        _thread.Join();
        _packer.Dispose();
        _stop.Dispose();
    }

    private void Run()
    {
        WaitHandle[] either = [_stop, _log.Segments.Cold.Came];
        var pause = TimeSpan.Zero;
        while (!_stop.WaitOne(pause))
        {
            var started = Stopwatch.GetTimestamp();
            if (_packer.PackNext())
            {
                var paused = Stopwatch.GetElapsedTime(started) * PausePerWork;
                pause = paused < Longest ? paused : Longest;
            }
            else
            {
                WaitHandle.WaitAny(either);
                pause = TimeSpan.Zero;
            }
        }
    }
}
