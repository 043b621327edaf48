"""The texts of artists, as the tests of figures compare them."""


def texts_of(artists):
    """The text of each, such as of the labels of ticks."""
    return [artist.get_text() for artist in artists]


def legend_texts(drawn):
    """The entries of the legend of an axes, or of the axes that an artist is in."""
    return texts_of(drawn.axes.get_legend().get_texts())
