using System.Buffers;
using Loggregator.Protocol.Grpc;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>
/// Reads what the client sends and notes what the pump has to do about it, which it wakes. A client that sends nothing costs no buffer, one
/// that sends much costs the same one again and again; of unwritten answers to its pings it keeps a few.
/// </summary>
internal sealed class ClientReader(Stream socket, EnvelopeStream stream) : IDisposable
{
    private const int BufferBytes = 4096;
    private const int MaxAnswerBytes = 2048;
    private readonly Lock _sync = new();
    private readonly ClientFrames _frames = new();
    private MessageBuffer? _answers; // pongs to be written, as frames
    private SessionEnd? _end; // written once
    private int _pongs;
    private bool _closed; // by a frame
    private volatile bool _gone;

    /// <summary>The close frame with which the client's, or its breach of the protocol, is to be answered; null: the session goes on.</summary>
    public SessionEnd? End => Volatile.Read(ref _end);

    /// <summary>The client is gone, whether it said so or not.</summary>
    public bool Gone
    {
        get => _gone;
        private set => _gone = value;
    }

    /// <summary>Reads until the client has said its last word or is gone. What follows an error is read too, so that our answer is not lost by a reset.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        try
        {
            while (!_closed && !Gone)
            {
                _ = await socket.ReadAsync(Memory<byte>.Empty, cancel); // until there is something
                Gone = await ReadAsync(cancel) == 0;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            Gone = true; // without a word
        }

        stream.Wake();
    }

    /// <summary>Whether a pong has come since the last call.</summary>
    public bool TakePong() => Interlocked.Exchange(ref _pongs, 0) > 0;

    /// <summary>Whether <see cref="WriteAnswers"/> has something to write.</summary>
    public bool HasAnswers => Volatile.Read(ref _answers) is not null;

    /// <summary>Writes what answers the client's pings.</summary>
    public void WriteAnswers(MessageBuffer output)
    {
        lock (_sync)
        {
            output.Write(_answers!.Span);
            _answers.Dispose();
            _answers = null;
        }
    }

    public void Dispose() => _answers?.Dispose();

    private async ValueTask<int> ReadAsync(CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var count = await socket.ReadAsync(buffer, cancel);
            if (_end is null)
            {
                Take(buffer.AsSpan(0, count));
            }

            return count;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        while (_end is null)
        {
            switch (_frames.Read(ref bytes))
            {
                case ClientEvent.None:
                    return;
                case ClientEvent.Ping:
                    Answer(_frames.Control);
                    break;
                case ClientEvent.Pong:
                    Interlocked.Increment(ref _pongs);
                    stream.Wake();
                    break;
                case ClientEvent.Close:
                    _closed = true;
                    Finish(new SessionEnd(_frames.Status, ""));
                    return;
                case ClientEvent.Error:
                    Finish(new SessionEnd(_frames.Status, _frames.Error));
                    return;
                default:
                    break;
            }
        }
    }

    // Who pings faster than it reads gets an answer to the last of its pings alone (RFC 6455, 5.5.3).
    private void Answer(ReadOnlySpan<byte> ping)
    {
        lock (_sync)
        {
            _answers ??= MessageBuffer.Rent(MaxAnswerBytes);
            if (_answers.Length + ping.Length + 2 > MaxAnswerBytes)
            {
                _answers.Clear();
            }

            ServerFrames.Write(_answers, Opcode.Pong, ping);
        }

        stream.Wake();
    }

    private void Finish(SessionEnd end)
    {
        Volatile.Write(ref _end, end);
        stream.Wake();
    }
}
