using System.Buffers;
using System.Runtime.InteropServices;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.Internal;

/// <summary>
/// Walks an AttachFrame: <c>while (MoveNextRun()) { while (MoveNextRecord()) … }</c>, each record once, with the subscriptions of its run.
/// Whatever order the fields have on the wire.
/// </summary>
public ref struct AttachFrameReader(ReadOnlySpan<byte> frame)
{
    private readonly ReadOnlySpan<byte> _frame = frame;
    private FieldReader _runs = new(frame);
    private RecordReader _records = new(frame);
    private ReadOnlySpan<byte> _run;
    private ByteRange _positions; // in the frame, what is read of them already excluded
    private int _left;

    /// <summary>Number of records in the current run.</summary>
    public int RunCount { get; private set; }

    /// <summary>Where the run's subscriptions stand after it.</summary>
    public ulong NextPosition { get; private set; }

    /// <summary>Whether the current run has the positions of its records.</summary>
    public bool HasPositions { get; private set; }

    /// <summary>Where the current record stands in the log, if the run has positions.</summary>
    public ulong Position { get; private set; }

    /// <summary>The positions of the records behind the current one: packed varints, each the distance to the one before.</summary>
    public readonly ByteRange Positions => _positions;

    /// <summary>The subscriptions of the current run.</summary>
    public readonly SubscriptionReader Subscriptions => new(_run);

    /// <summary>The current envelope.</summary>
    public readonly ReadOnlySpan<byte> Current => _records.Current;

    /// <summary>Where the current record begins in the frame, its header included.</summary>
    public readonly int RecordOffset => _records.RecordOffset;

    /// <summary>Bytes of the current record, its header included.</summary>
    public readonly int RecordLength => _records.RecordLength;

    /// <summary>The frame is no protobuf message, or its runs name more or fewer records than it has.</summary>
    public bool Malformed { get; private set; }

    /// <summary>Steps to the next run, past records of the current one that were not read.</summary>
    public bool MoveNextRun()
    {
        while (MoveNextRecord())
        {
        }

        while (!Malformed && _runs.MoveNext())
        {
            if (_runs.Tag == AttachFrameCodec.Runs)
            {
                ReadRun(_runs.Bytes);
                return !Malformed;
            }
        }

        Malformed |= _runs.Malformed || _records.MoveNext() || _records.Malformed;
        return false;
    }

    /// <summary>Steps to the next record of the current run.</summary>
    public bool MoveNextRecord()
    {
        if (_left == 0)
        {
            return false;
        }

        _left--;
        if (_records.MoveNext() && (!HasPositions || MovePosition()))
        {
            return true;
        }

        _left = 0;
        Malformed = true;
        return false;
    }

    /// <summary>
    /// Decodes everything but records and runs: gaps, hello, opened, held, leaving, closed. Null where the frame has none of these, which is
    /// the rule, and where it is malformed.
    /// </summary>
    public readonly AttachFrame? ReadRest()
    {
        var length = CopyRest(default);
        if (length == 0)
        {
            return null;
        }

        var rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            CopyRest(rented);
            return AttachFrame.Parser.ParseFrom(rented.AsSpan(0, length));
        }
        catch (Google.Protobuf.InvalidProtocolBufferException)
        {
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private readonly int CopyRest(Span<byte> target)
    {
        var length = 0;
        var fields = new FieldReader(_frame);
        while (fields.MoveNext())
        {
            if (fields.Tag is Records.Tag or AttachFrameCodec.Runs)
            {
                continue;
            }

            if (!target.IsEmpty)
            {
                fields.Field.CopyTo(target[length..]);
            }

            length += fields.FieldLength;
        }

        return fields.Malformed ? 0 : length;
    }

    private bool MovePosition()
    {
        var end = _positions.Offset + _positions.Length;
        var next = Wire.ReadVarint(ref MemoryMarshal.GetReference(_frame), _positions.Offset, end, out var step);
        if (next < 0)
        {
            return false;
        }

        _positions = new ByteRange(next, end - next);
        Position += step;
        return true;
    }

    private void ReadRun(ReadOnlySpan<byte> run)
    {
        _run = run;
        HasPositions = false;
        Position = 0;
        RunCount = 0;
        NextPosition = 0;
        var fields = new FieldReader(run);
        while (fields.MoveNext())
        {
            switch (fields.Tag)
            {
                case AttachFrameCodec.RunCount:
                    RunCount = (int)Math.Min(fields.Number, int.MaxValue);
                    break;
                case AttachFrameCodec.RunNextPosition:
                    NextPosition = fields.Number;
                    break;
                case AttachFrameCodec.RunPositions:
                    HasPositions = true;
                    _positions = new ByteRange(_runs.Range.Offset + fields.Range.Offset, fields.Range.Length);
                    break;
                default:
                    break;
            }
        }

        Malformed = fields.Malformed;
        _left = Malformed ? 0 : RunCount;
    }
}
