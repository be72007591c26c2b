using System.Buffers.Text;
using CsCheck;
using Loggregator.Client.Consume;
using Xunit;

namespace Loggregator.Tests.TrafficController;

public sealed class StreamCursorTests
{
    private static readonly Gen<CursorMark> Mark = Gen.Select(Gen.String[0, 60], Gen.ULong, Gen.ULong)
        .Select((id, incarnation, next) => new CursorMark(new string([.. id.Where(c => !char.IsSurrogate(c))]), incarnation, next));

    [Fact]
    public void Cursor_Written_IsReadBack() =>
        Gen.Select(Gen.Long[0, long.MaxValue], Mark.List[0, 10]).Sample((minted, marks) =>
        {
            Assert.True(StreamCursor.TryParse(new StreamCursor(minted, marks).ToString(), out var cursor));
            Assert.Equal(minted / 1_000_000 * 1_000_000, cursor!.MintedAt);
            Assert.Equal(marks, cursor.Marks);
        });

    [Fact]
    public void Cursor_AnyText_NeverThrows() => Gen.String.Sample(text => StreamCursor.TryParse(text, out var cursor) == cursor is not null);

    [Fact]
    public void Cursor_AnyBytes_NeverThrows() =>
        Gen.Byte.Array[0, 100].Sample(bytes => StreamCursor.TryParse(Base64Url.EncodeToString([1, .. bytes]), out var cursor) == cursor is not null);

    [Fact]
    public void Cursor_CutAnywhere_IsRefused()
    {
        var bytes = Base64Url.DecodeFromChars(new StreamCursor(1, [new CursorMark("doppler", 2, 300)]).ToString());
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.False(StreamCursor.TryParse(Base64Url.EncodeToString(bytes.AsSpan(0, length)), out _));
        }

        Assert.False(StreamCursor.TryParse(Base64Url.EncodeToString([.. bytes, 0]), out _));
    }

    [Fact]
    public void Cursor_OfALaterVersion_IsRefused() => Assert.False(StreamCursor.TryParse(Base64Url.EncodeToString([2, 0, 0]), out _));
}
