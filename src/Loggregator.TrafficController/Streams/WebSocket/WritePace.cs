using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>
/// Lets writes coalesce while the role makes very many of them: a stream that has just made a small one is held, so that it wakes only at the
/// next beat, with all that has come by then. Otherwise nobody is held. The beat is found by trial: doubled while there are too many
/// writes, halved while there are few. Any thread.
/// </summary>
internal sealed class WritePace : IDisposable
{
    /// <summary>The longest beat: what a stream may wait beyond its need.</summary>
    public static readonly TimeSpan LongestBeat = TimeSpan.FromMilliseconds(30);

    /// <summary>A write of so many bytes is worth its system call.</summary>
    public const int WorthWhile = 16 * 1024;

    private const double ManyWrites = 4000; // a second, of all streams; about a tenth of a core
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ShortestBeat = TimeSpan.FromMilliseconds(2);
    private readonly Lock _sync = new(); // before streams' own locks
    private readonly TimeProvider _time;
    private readonly ITimer _beater;
    private List<EnvelopeStream> _held = [];
    private List<EnvelopeStream> _released = []; // scratch of the beat
    private long _windowBegan;
    private int _writes; // in this window
    private bool _releasing;

    public WritePace(TimeProvider time)
    {
        _time = time;
        _windowBegan = time.GetTimestamp();
        _beater = time.CreateTimer(static pace => ((WritePace)pace!).Release(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How long a stream is held now; zero: not at all.</summary>
    public TimeSpan Beat { get; private set; }

    /// <summary>A stream has written so many bytes; it is held if that was little and the role has much to do.</summary>
    public void Wrote(EnvelopeStream stream, int bytes)
    {
        lock (_sync)
        {
            _writes++;
            Judge();
            if (Beat == TimeSpan.Zero || bytes >= WorthWhile || !stream.Hold())
            {
                return;
            }

            _held.Add(stream);
            if (_held.Count == 1 && !_releasing)
            {
                _beater.Change(Beat, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose() => _beater.Dispose();

    private void Judge()
    {
        var now = _time.GetTimestamp();
        var elapsed = _time.GetElapsedTime(_windowBegan, now);
        if (elapsed < Window)
        {
            return;
        }

        var rate = _writes / elapsed.TotalSeconds;
        if (rate > ManyWrites)
        {
            Beat = Beat == TimeSpan.Zero ? ShortestBeat : Beat * 2 < LongestBeat ? Beat * 2 : LongestBeat;
        }
        else if (rate < ManyWrites / 2)
        {
            Beat = Beat > ShortestBeat ? Beat / 2 : TimeSpan.Zero;
        }

        _windowBegan = now;
        _writes = 0;
    }

    private void Release()
    {
        lock (_sync)
        {
            (_held, _released) = (_released, _held);
            _releasing = true;
        }

        foreach (var stream in _released)
        {
            stream.LetGo();
        }

        _released.Clear();
        lock (_sync)
        {
            _releasing = false;
            if (_held.Count > 0)
            {
                _beater.Change(Beat < ShortestBeat ? ShortestBeat : Beat, Timeout.InfiniteTimeSpan);
            }
        }
    }
}
