namespace Loggregator.Pipeline.Log;

/// <summary>One validated record that waits to be appended; offsets are into the message that holds it.</summary>
internal struct AppendRow
{
    public int Offset, Length, SourceOffset, SourceLength;
    public ulong SourceHash;
    public long Timestamp;
    public byte Kind;
}
